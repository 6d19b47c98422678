"""What is measured, each against a stated limit, as ratios in one run."""
