// The actors of one reactor, found by their type: how work that arrives from a sibling reactor gets
// at them (it may carry values only). At most one of each type at a time.
//
//     world.locals().find<Gossip>()      nullptr when there is none (not started, or ended)
#pragma once

#include <map>

#include "base/check.h"

namespace distkv::world {

class Locals {
public:
    // Makes `actor` known for as long as this object lives.
    template <class T>
    class Entry {
    public:
        Entry(Locals& locals, T& actor) : locals_(locals) {
            CHECK(!locals_.actors_.contains(&kKey<T>));
            locals_.actors_[&kKey<T>] = &actor;
        }
        ~Entry() { locals_.actors_.erase(&kKey<T>); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    private:
        Locals& locals_;
    };

    template <class T>
    [[nodiscard]] T* find() const {
        const auto found = actors_.find(&kKey<T>);
        return found == actors_.end() ? nullptr : static_cast<T*>(found->second);
    }

private:
    // One object per type; its address is the type's name. Only looked up, never iterated.
    template <class T>
    static constexpr char kKey = 0;

    std::map<const void*, void*> actors_;
};

}  // namespace distkv::world
