"""No SM_* and no TRAINING_JOB_* variable is set, and no credential of the caller's."""

import os
import re

found = [name for name in os.environ if re.search("^SM_|^TRAINING_JOB_|SECRET|PASSWORD|_TOKEN$|^AWS_ACCESS_KEY", name)]
assert found == [], found
