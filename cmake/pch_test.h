// The same for tests.
#include <gtest/gtest.h>

#include "pch_std.h"
