function lengths = code_lengths(counts)
  % The bits of each symbol in Huffman's code, 15 at most, 0 where the count is; a row.
  lengths = zeros(1, numel(counts));
  used = find(counts > 0);
  if isempty(used)
    return
  end
  weights = reshape(counts(used), 1, []);
  found = depths(weights);
  while max(found) > 15
    weights = ceil(weights / 2);
    found = depths(weights);
  end
  lengths(used) = found;
end

function result = depths(weights)
  % The depth of every leaf of Huffman's tree.
  count = numel(weights);
  if count == 1
    result = 1;
    return
  end
  [nodes, order] = sort(weights);  % the leaves, then what joins two nodes, all ascending
  nodes(2 * count - 1) = 0;
  parents = zeros(1, 2 * count - 1);
  leaf = 1;
  inner = count + 1;
  for joined = count + 1:2 * count - 1
    total = 0;
    for k = 1:2
      if leaf <= count && (inner >= joined || nodes(leaf) <= nodes(inner))
        chosen = leaf;
        leaf = leaf + 1;
      else
        chosen = inner;
        inner = inner + 1;
      end
      parents(chosen) = joined;
      total = total + nodes(chosen);
    end
    nodes(joined) = total;
  end
  depth = zeros(1, 2 * count - 1);
  for node = 2 * count - 2:-1:1
    depth(node) = depth(parents(node)) + 1;
  end
  result(order) = depth(1:count);
end
