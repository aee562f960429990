// What the columns of lists and of feeds share.
//
// Thread safety: a pure function.

#ifndef KUNDIG_ENGINE_LIST_COLUMN_H_
#define KUNDIG_ENGINE_LIST_COLUMN_H_

#include <deque>
#include <string>

#include "engine/field.h"
#include "engine/query.h"

namespace kundig::engine {

// Answers show a set as a text: its names joined by commas. The empty set is an absent value.
// Makes it of a column of numbers, whose `absent` is there; `texts` is the storage behind.
void NameSets(const FieldInfo& info, ListColumn* column, std::deque<std::string>* texts);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LIST_COLUMN_H_
