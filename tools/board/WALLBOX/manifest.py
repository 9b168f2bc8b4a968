# With -DWALLBOX_FROZEN=1: the firmware, merged by `make merged`, becomes part of this MicroPython
# (see ../README.md).
include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821
package("firmware", base_path="$(BOARD_DIR)/../../../build/merged")  # noqa: F821
