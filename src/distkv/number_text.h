// Numbers as people read them: "1,234,567", "5,452 km", "12.3".
#pragma once

#include <cstdint>
#include <string>

#include "time/instant.h"

namespace distkv::distkv {

std::string grouped(std::uint64_t number);
std::string fixed_decimals(double number, int decimals);
std::string kilometres(double metres);  // Rounded down.

// "1 seed", "2 seeds"
std::string counted(std::uint64_t number, const char* noun);

// What counts of it: "71.3ms", "1.2s", "20m14s". For tables; exact_text() is for machines.
std::string short_text(time::Duration duration);

}  // namespace distkv::distkv
