"""What studies measure: pure functions over numbers, without store or clock."""
