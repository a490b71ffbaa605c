"""The life of a call as pure logic: events and a clock reading in, commands out; no socket, clock or database."""
