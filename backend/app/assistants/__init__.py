"""Who answers: persona, greeting, tools, rendered phrases."""
