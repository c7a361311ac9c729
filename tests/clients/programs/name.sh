hostname > "/opt/ml/processing/output/$(hostname).txt"
