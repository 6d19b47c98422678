"""What became of the promises: attainment, times, what is overdue, what is owed for misses. It only reads."""
