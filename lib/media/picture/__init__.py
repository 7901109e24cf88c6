"""Still pictures: grounds and photos, cut, graded and measured."""
