function [levels, reader] = read_table(op, reader, kind)
  % The levels that table_steps wrote, of the float class KIND.
  [count, reader] = read_wholes(op, reader, 1, whole_contexts());
  count = count + 1;
  if count > 256
    file_error(op, 'is damaged (too many levels)');
  end
  [is_scaled, reader] = read_flat(op, reader, 1, 2);
  if ~is_scaled
    [bytes, reader] = read_flat(op, reader, count * numel(typecast(cast(0, kind), 'uint8')), 256);
    levels = from_little(uint8(bytes), kind);
    return
  end
  [exponent, reader] = read_wholes(op, reader, 1, whole_contexts());
  [first, reader] = read_wholes(op, reader, 1, whole_contexts());
  [steps, reader] = read_wholes(op, reader, count - 1, whole_contexts());
  exponent = signed(exponent);
  numbers = cumsum([signed(first), steps + 1]);
  if abs(exponent) > 1000 || max(abs(numbers)) > 2^52
    file_error(op, 'is damaged (a level is too large)');
  end
  levels = cast(numbers * 2^exponent, kind);
end

function number = signed(number)
  if mod(number, 2) == 1
    number = -(number + 1) / 2;
  else
    number = number / 2;
  end
end
