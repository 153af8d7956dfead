"""From a conversation to a reply: templates, prompts, sampling, and what ends it."""
