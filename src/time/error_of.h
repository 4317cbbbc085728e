// For tests: the error of a Result, also where there is none by mistake.
#pragma once

#include "base/result.h"

namespace distkv::time {

template <class T>
base::Error error_of(const base::Result<T>& result) {
    return result ? base::Error{base::Errc::kUnknown, "there is no error"} : result.error();
}

}  // namespace distkv::time
