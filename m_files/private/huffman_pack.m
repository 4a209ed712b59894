function bytes = huffman_pack(symbols)
  % What huffman_encode returns, of a vector of uint8.
  bytes = varint_bytes(numel(symbols));
  if isempty(symbols)
    return
  end
  places = double(symbols(:).') + 1;
  counts = accumarray(places.', 1, [256, 1]).';
  used = find(counts);
  bytes = [bytes, uint8(used([1, end]) - 1)];
  if isscalar(used)
    return
  end
  lengths = code_lengths(counts);
  words = code_words(lengths);
  each = lengths(places);
  ends = cumsum(each);
  bits = zeros(8, ceil(ends(end) / 8), 'uint8');
  starts = ends - each;
  word = words(places);
  for place = 1:max(each)
    has = each >= place;
    bits(starts(has) + place) = mod(floor(word(has) ./ 2.^(each(has) - place)), 2);
  end
  table = [lengths(used(1):used(end)), 0];
  table = reshape(table(1:2 * floor(numel(table) / 2)), 2, []);
  bytes = [bytes, uint8(table(1, :) + 16 * table(2, :)), packed_bits(bits)];
end

function words = code_words(lengths)
  % The canonical code: words of one length ascend with the symbols, shorter ones come first.
  words = zeros(size(lengths));
  word = 0;
  for len = 1:15
    word = 2 * word;
    for symbol = find(lengths == len)
      words(symbol) = word;
      word = word + 1;
    end
  end
end

function bytes = packed_bits(bits)
  % One byte of each column of eight bits, the highest first.
  bytes = bits(8, :);
  for k = 1:7
    bytes = bytes + bits(k, :) * 2^(8 - k);
  end
end
