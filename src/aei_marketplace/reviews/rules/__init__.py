"""Decisions about reviews: who writes, what is fit, how it is judged, what a rating is worth."""
