"""What people look at: text, JSON, JUnit, SARIF, diagrams, pictures and the HTML report."""
