function [levels, codes, index] = han_entries(op, number, layer, bits)
  % The levels of a layer, and the codes from 0 and the relative index of its entries.
  levels = [];
  codes = [];
  index = [];
  if isempty(layer.weights)
    return
  end
  [levels, codes] = levels_and_codes(layer.weights, layer);
  if isempty(levels) || numel(levels) > 256
    value_error(op, sprintf('layer %d of MODEL', number), 'have at most 256 levels');
  end
  flat = double(reshape(codes.', 1, []));
  index = han_index(find(levels(flat + 1) ~= 0), bits);
  codes = flat(cumsum(index + 1));
end
