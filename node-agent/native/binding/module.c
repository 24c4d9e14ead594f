/* The add-on's entry: NativeBinding of types.ts. */
#include "binding.h"

NAPI_MODULE_INIT()
{
	const napi_property_descriptor functions[] = {
		{"openBeneath", NULL, open_beneath, NULL, NULL, NULL, napi_enumerable, NULL},
		{"readNodes", NULL, read_nodes, NULL, NULL, NULL, napi_enumerable, NULL},
		{"changeNodes", NULL, change_nodes, NULL, NULL, NULL, napi_enumerable, NULL},
		{"tryLock", NULL, try_lock, NULL, NULL, NULL, napi_enumerable, NULL},
		{"countOutstanding", NULL, count_outstanding, NULL, NULL, NULL, napi_enumerable, NULL},
		{"punchHole", NULL, punch_hole, NULL, NULL, NULL, napi_enumerable, NULL},
		{"zeroRange", NULL, zero_range, NULL, NULL, NULL, napi_enumerable, NULL},
		{"extentAt", NULL, extent_at, NULL, NULL, NULL, napi_enumerable, NULL},
		{"readDirectly", NULL, read_directly, NULL, NULL, NULL, napi_enumerable, NULL},
		{"createUnit", NULL, create_unit, NULL, NULL, NULL, napi_enumerable, NULL},
	};

	napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions);
	return exports;
}
