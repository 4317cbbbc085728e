// How long something took on this machine; for reports and progress, never for decisions.
#pragma once

#include "time/instant.h"

namespace distkv::distkv {

class Stopwatch {
public:
    Stopwatch();
    [[nodiscard]] time::Duration elapsed() const;

private:
    time::Duration began_;
};

}  // namespace distkv::distkv
