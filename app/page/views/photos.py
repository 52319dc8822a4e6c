"""The page of the pictures."""

from app.page import frame, gallery

gallery.draw(frame.here())
