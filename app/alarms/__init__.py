"""The inlet for machines: alarms of softswitches and monitoring open tickets, are counted on them, resolve them."""
