"""What a reseller is owed at an instant: the history of its plans and its add-on purchases."""
