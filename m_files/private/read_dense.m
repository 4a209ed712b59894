function [codes, reader] = read_dense(op, reader, shape, levels)
  % The codes of a matrix of size SHAPE whose steps dense_steps gave.
  codes = zeros(shape(2), shape(1));
  data = reader.data;
  byte = reader.at;
  code = reader.code;
  range = reader.width;
  weights = ones(1, levels);
  gain = symbol_gain(levels);
  for k = 1:numel(codes) * (levels > 1)
    ends = cumsum(weights);
    share = floor(range / ends(end));
    symbol = find(ends > code / share, 1);
    if isempty(symbol)
      file_error(op, 'is damaged (its coding is wrong)');
    end
    range = share * weights(symbol);
    code = code - share * (ends(symbol) - weights(symbol));
    while range < 1099511627776
      byte = byte + 1;
      code = code * 256;
      if byte <= numel(data)
        code = code + data(byte);
      end
      range = range * 256;
    end
    weights(symbol) = weights(symbol) + gain;
    codes(k) = symbol - 1;
  end
  codes = codes.';
  reader.at = byte;
  reader.code = code;
  reader.width = range;
end
