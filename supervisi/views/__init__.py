"""Views: fetch in scope, ask the right, one service call, redirect or render."""
