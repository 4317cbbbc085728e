#!/usr/bin/env python3
"""What a swarm has shown, in two lines, from the last line of `distkv sim gossip --json`."""
import json
import sys

swarm = json.load(sys.stdin)
operations = swarm["operations"]
print(f"{swarm['seeds']:,} seeds, {swarm['simulated_seconds'] / 3600:.1f} simulated hours, "
      f"{swarm['seeds_per_hour']:,.0f} seeds an hour, {sum(swarm['faults'].values()):,} faults, "
      f"{operations['definite']:,} operations definite and {operations['unknown']:,} unknown")
never = swarm["never_hit"]
print("rare paths never hit: " + (", ".join(never) if never else "none"))
