"""The verbs: each reads its settings and wires rooms together."""
