"""Mail out: written from events, sent or captured, retried, and its bounces."""
