"""Pure: addresses and Message-IDs of ours, which nobody else can make."""
