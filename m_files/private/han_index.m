function index = han_index(at, bits)
  % The zeros before each of the entries that stand for nonzeros at ascending positions AT.
  gaps = diff([0, at]) - 1;
  sizes = floor(gaps / 2^bits) + 1;
  index = repmat(2^bits - 1, 1, sum(sizes));
  index(cumsum(sizes)) = mod(gaps, 2^bits);
end
