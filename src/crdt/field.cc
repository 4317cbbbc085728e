#include "crdt/field.h"

#include "base/check.h"

namespace distkv::crdt {

std::string_view name_of(Type type) {
    switch (type) {
        case Type::kNone:
            return "none";
        case Type::kString:
            return "string";
        case Type::kSiblings:
            return "siblings";
        case Type::kFlag:
            return "flag";
        case Type::kHyperLogLog:
            return "hyperloglog";
        case Type::kBoundedCounter:
            return "bounded-counter";
        case Type::kRemoveWinsSet:
            return "remove-wins-set";
        case Type::kAddWinsSet:
            return "set";
        case Type::kSortedSet:
            return "zset";
        case Type::kList:
            return "list";
        case Type::kMap:
            return "hash";
    }
    CHECK(false, "a type that has no name");
}

Type type_of(Tag tag) {
    switch (tag) {
        case Tag::kHeader:
        case Tag::kSummary:
            return Type::kNone;
        case Tag::kSiblings:
            return Type::kSiblings;
        case Tag::kFlag:
            return Type::kFlag;
        case Tag::kEscrow:
            return Type::kBoundedCounter;
        case Tag::kSketch:
            return Type::kHyperLogLog;
        case Tag::kCount:
        case Tag::kRegister:
            return Type::kString;
        case Tag::kMember:
            return Type::kAddWinsSet;
        case Tag::kStrictMember:
            return Type::kRemoveWinsSet;
        case Tag::kMapField:
        case Tag::kMapAmount:
            return Type::kMap;
        case Tag::kScore:
        case Tag::kScoreAmount:
            return Type::kSortedSet;
        case Tag::kListItem:
            return Type::kList;
    }
    CHECK(false, "a tag that has no type");
}

Tag tag_of(Type type) {
    switch (type) {
        case Type::kNone:
            return Tag::kHeader;
        case Type::kString:
            return Tag::kRegister;
        case Type::kSiblings:
            return Tag::kSiblings;
        case Type::kFlag:
            return Tag::kFlag;
        case Type::kHyperLogLog:
            return Tag::kSketch;
        case Type::kBoundedCounter:
            return Tag::kEscrow;
        case Type::kRemoveWinsSet:
            return Tag::kStrictMember;
        case Type::kAddWinsSet:
            return Tag::kMember;
        case Type::kSortedSet:
            return Tag::kScore;
        case Type::kList:
            return Tag::kListItem;
        case Type::kMap:
            return Tag::kMapField;
    }
    CHECK(false, "a type that has no tag");
}

bool is_known(Tag tag) {
    switch (tag) {
        case Tag::kHeader:
        case Tag::kSummary:
        case Tag::kSiblings:
        case Tag::kFlag:
        case Tag::kEscrow:
        case Tag::kSketch:
        case Tag::kCount:
        case Tag::kRegister:
        case Tag::kMember:
        case Tag::kStrictMember:
        case Tag::kMapField:
        case Tag::kMapAmount:
        case Tag::kScore:
        case Tag::kScoreAmount:
        case Tag::kListItem:
            return true;
    }
    return false;
}

}  // namespace distkv::crdt
