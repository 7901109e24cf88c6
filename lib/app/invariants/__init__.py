"""What must always be true, as predicates that anybody can ask.

One set of them for three places: the simulator asks after every write, the tests of the embedded
studio after every crash, and ``./brandcast audit`` of a studio that is at work.
"""

from lib.app.invariants.breach import Breach
from lib.app.invariants.bucket import of_deletion, of_objects
from lib.app.invariants.change import of_change
from lib.app.invariants.inspect import Inspection, inspect
from lib.app.invariants.record import of_record

__all__ = [
    "Breach",
    "Inspection",
    "inspect",
    "of_change",
    "of_deletion",
    "of_objects",
    "of_record",
]
