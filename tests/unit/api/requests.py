"""Requests for tests of the doors, and a box that they can be asked of."""

from tests.unit.api.bench import Bench

# One good request for every command, and a few bad ones; bodies as they are typed.
REQUESTS = (
    ("get_dev_info", None),
    ("get_params", None),
    ("get_dev_types", None),
    ("help", None),
    ("help&name=sync", None),
    ("set_params", '{"max_total_cur_prc": 70}'),
    ("set_params", "{title: 'Garage',}"),
    ("get_devices", None),
    ("set_device", '{"devices": [{"dev_id": "M3", "name": "Grid"}]}'),
    ("reset_device&dev_id=M3", None),
    ("del_device&dev_id=M3", None),
    ("get_settings&section=mqtt", None),
    ("set_ajax_meter&dev_id=M3&power_w=100", None),
    ("set_ajax_evse&dev_id=E2", '{"state": 3, "current": [1000, 2000, 3000]}'),
    ("soft_meter&dev_id=M3", None),
    ("set_cm_vars&name=x&val=1", None),
    ("get_cm_vars", None),
    ("enter_rfid&rfid=5678", None),
    ("override_device&dev_id=E1&flags=C&mamps=10000.0", None),
    ("get_users", None),
    ("get_user&id=u1", None),
    ("set_user", '{"id": "u2", "name": "B"}'),
    ("del_user&id=u1", None),
    ("get_new_user_id", None),
    ("set_cplan&dev_id=$G", '{"cplan": [{"st": 0, "dr": 60, "lm": 6000}]}'),
    ("get_cplan&dev_id=E1", None),
    ("change_admin_pwd&old_pwd=&new_pwd=", None),
    ("accept_license&acc=1&allow_usage_stats=0", None),
    ("set_diag_logging&enable=1", None),
    ("get_status", None),
    ("get_log", None),
    ("get_transactions", None),
    ("backup", None),
    ("restore&dry=1", '{"version": 1, "params": {"title": "x"}}'),
    ("sync", None),
    ("restart", None),
    ("clear_faults", None),
    ("factory_reset&confirm=1", None),
    ("modbus&device=evse&read=8002&count=3", None),
    ("modbus_get&id=1&reg=5", None),
    ("modbus_set&id=1&reg=5&val=1", None),
    ("update&file=/data/none", None),
    ("update_status", None),
    ("update_rollback", None),
    ("set_params", "{title: "),
    ("set_params&title=x", None),
    ("get_user&id=nobody", None),
    ("nonsense", None),
)


def bench():
    built = Bench()
    built.meter("M3", role=3)
    built.box.settings.put("devices", {"dev_id": "E2", "dev_type": "evse_ajax"})
    built.box.settings.put("users", {"id": "u1", "name": "A", "rfids": [{"id": "5678"}]})
    built.box.settings.put("users", {"id": "u1", "dev_ids": ["E1"]})
    built.box.devices.renew()
    return built
