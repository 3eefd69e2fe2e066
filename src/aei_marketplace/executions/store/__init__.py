"""Every query of executions: `quick` for the three statements of a run, `records` for the rest."""
