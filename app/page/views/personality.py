"""The page of the personality that is seen."""

from app.page import frame, traits

traits.draw(frame.here())
