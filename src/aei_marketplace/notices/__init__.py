"""Notices: what people should know, in the product, by mail and by signed webhooks."""
