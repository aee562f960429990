// Splits the text of an expression into its words. Used by the parser only.
//
// Thread safety: one owner. Invariant: every position lies within the text or at its end.

#ifndef KUNDIG_ENGINE_EXPRESSION_LEXER_H_
#define KUNDIG_ENGINE_EXPRESSION_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/expression.h"
#include "engine/result.h"

namespace kundig::engine {

enum class TokenKind : uint8_t {
  kName,
  kNumber,
  kDate,  // has the form of a date; whether the day exists is for the parser to say
  kText,
  kRelation,
  kOpen,
  kClose,
  kComma,
  kAnd,
  kOr,
  kNot,
  kIn,
  kTrue,
  kFalse,
  kNull,
  kEnd
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t position = 0;     // byte offset of its first byte
  std::string_view spelt;  // as it stands in the text
  std::string text;        // kText: without its quotes
  Relation relation = Relation::kEqual;
};

class ExpressionLexer {
 public:
  // `text` must outlive the lexer and its tokens.
  explicit ExpressionLexer(std::string_view text) : text_(text) {}

  // kEnd at the end, as often as asked. Error: kSyntax, after which the lexer is not used again.
  Result<Token> Next();

 private:
  Result<Token> NumberOrDate();
  Result<Token> QuotedText();
  Token NameOrKeyword();
  // The token of the next `size` bytes, which are consumed.
  Token Take(TokenKind kind, size_t size);
  char Peek(size_t ahead) const;  // 0 after the end

  std::string_view text_;
  size_t position_ = 0;
};

// The error of an expression at a byte of its text.
Error ExpressionError(ErrorCode code, size_t position, std::string message);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EXPRESSION_LEXER_H_
