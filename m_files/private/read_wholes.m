function [values, reader, contexts] = read_wholes(op, reader, count, contexts)
  % COUNT whole numbers that whole_steps wrote.
  data = reader.data;
  at = reader.at;
  code = reader.code;
  width = reader.width;
  values = zeros(1, count);
  for k = 1:count
    place = 1;
    length = 0;
    value = 1;
    while true  % a bit by the counts of its place
      counts = contexts(:, place);
      share = floor(width / (counts(1) + counts(2)));
      bit = code >= share * counts(1);
      if bit
        code = code - share * counts(1);
      end
      width = share * counts(1 + bit);
      contexts(1 + bit, place) = counts(1 + bit) + 2;
      while width < 1099511627776
        at = at + 1;
        code = code * 256;
        if at <= numel(data)
          code = code + data(at);
        end
        width = width * 256;
      end
      if place > 54
        value = 2 + bit;
        break
      elseif bit
        length = length + 1;
        place = place + 1;
        if length > 53
          file_error(op, 'is damaged (a number is too long)');
        end
      elseif length > 0
        place = 54 + length;
      else
        break
      end
    end
    left = length - 1;
    while left > 0
      part = min(left, 16);
      left = left - part;
      share = floor(width / 2^part);
      bits = floor(code / share);
      if bits >= 2^part
        file_error(op, 'is damaged (its coding is wrong)');
      end
      code = code - share * bits;
      width = share;
      value = value * 2^part + bits;
      while width < 1099511627776
        at = at + 1;
        code = code * 256;
        if at <= numel(data)
          code = code + data(at);
        end
        width = width * 256;
      end
    end
    values(k) = value - 1;
  end
  reader.at = at;
  reader.code = code;
  reader.width = width;
end
