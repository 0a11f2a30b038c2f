"""An application rehearsed on the lab: stand-ins that listen and call as it declares, under its policies."""
