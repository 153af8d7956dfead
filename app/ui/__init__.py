"""The window: all that is seen, and the only code that knows Qt."""

import PySide6.QtCore  # noqa: F401  # brings what is imported next
from shibokensupport import feature

# PySide would read the source of every module imported from here on, to see whether it asks for
# one of PySide's optional features. None does, and the reading took an eighth of all imports.
feature._mod_uses_pyside = lambda _module: False
