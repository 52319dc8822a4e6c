"""The script of the Chat page."""

from app.ui import layout as frame
from app.ui.chat import page as chat

chat.draw(frame.here())
