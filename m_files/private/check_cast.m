function narrow = check_cast(op, argument, value, type)
  % Finite numbers in the float class TYPE, which may be too narrow for them: what leaves its
  % range becomes Inf, of which a network can make a plausible answer.
  narrow = cast(value, type);
  if strcmp(type, class(value)) || all(isfinite(narrow(:)))
    return
  end
  bound = number_text(realmax(type));
  got = max(value(:));
  if ~isinf(cast(got, type))
    got = min(value(:));
  end
  value_error(op, argument, ['be in [-', bound, ', ', bound, '], the range of 32-bit floats'], ...
              number_text(got));
end
