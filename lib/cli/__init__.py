"""The command line. It works whether or not the studio is running."""
