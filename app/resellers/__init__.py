"""Who: resellers (the operator is one of them, reserved), their contacts, their brand."""
