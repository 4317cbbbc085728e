#include "sim/trace.h"

#include <xxhash.h>

#include <cstdio>

namespace distkv::sim {
namespace {

std::string_view name_of(TraceKind kind) {
    switch (kind) {
        case TraceKind::kSend:
            return "send";
        case TraceKind::kDeliver:
            return "deliver";
        case TraceKind::kWake:
            return "wake";
        case TraceKind::kDiskDone:
            return "disk";
        case TraceKind::kReactorMessage:
            return "reactor";
        case TraceKind::kStart:
            return "start";
        case TraceKind::kCrash:
            return "crash";
        case TraceKind::kFault:
            return "fault";
        case TraceKind::kObserved:
            return "observed";
    }
    return "?";
}

}  // namespace

void Trace::add(TrueTime at, TraceKind kind, base::NodeId node, std::uint64_t detail,
                base::ByteView payload) {
    const std::uint64_t content = XXH3_64bits(payload.data(), payload.size());
    const std::uint64_t words[] = {hash_,
                                   static_cast<std::uint64_t>(at.time_since_epoch().count()),
                                   static_cast<std::uint64_t>(kind),
                                   node.value,
                                   detail,
                                   content};
    hash_ = XXH3_64bits(words, sizeof words);
    if (lines_) {
        char line[128];
        const int size = std::snprintf(
            line, sizeof line, "%14.6f %-8s node=%-3llu detail=%016llx payload=%016llx %016llx",
            time::to_millis(at.time_since_epoch()), std::string(name_of(kind)).c_str(),
            static_cast<unsigned long long>(node.value), static_cast<unsigned long long>(detail),
            static_cast<unsigned long long>(content), static_cast<unsigned long long>(hash_));
        lines_(std::string_view(line, static_cast<std::size_t>(size)));
    }
}

std::string hash_text(std::uint64_t hash) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

}  // namespace distkv::sim
