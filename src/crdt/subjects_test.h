// The random commands of each type, each with a plain single-copy model of it: what the type would
// be if there were one region.
#pragma once

#include <memory>
#include <vector>

#include "crdt/regions_test.h"

namespace distkv::crdt::test {

// One of every type that has no rights to spend and no context to hand back.
std::vector<std::unique_ptr<Subject>> all_subjects();

}  // namespace distkv::crdt::test
