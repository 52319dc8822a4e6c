"""The page of the personality that is seen."""

from app.ui import layout as frame
from app.ui.personality import page as traits

traits.draw(frame.here())
