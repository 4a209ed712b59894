function value = ocx_decode (node, fifo)
  % The value that a node from Python stands for; see codec.py for the table of nodes.
  switch node{1}
    case 'array'
      if strcmp (node{2}, 'logical')
        value = reshape (logical (node{4}), node{3});
      else
        value = reshape (cast (node{4}, node{2}), node{3});
      end
    case 'complex'
      value = reshape (complex (cast (node{4}, node{2}), cast (node{5}, node{2})), node{3});
    case 'text'
      value = reshape (char (node{2}), 1, numel (node{2}));
      if isempty (value)
        value = '';
      end
    case 'struct'
      value = struct ();
      for k = 1:numel (node{2})
        value.(ocx_decode (node{2}{k}, fifo)) = ocx_decode (node{3}{k}, fifo);
      end
    case 'cell'
      value = cell (node{2});
      for k = 1:numel (value)
        value{k} = ocx_decode (node{3}{k}, fifo);
      end
    case 'callback'
      number = node{2};
      value = @(varargin) ocx_callback (number, fifo, varargin{:});
  end
end
